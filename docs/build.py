"""Writes the pages of docs/ that are made from code or data: `make docs`; `--check` only compares."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import polyvox
from docs import content, efforts, migration, performance
from polyvox import Emulated, Native, Provider, Renamed, Stance, Unsupported, errors, exchange, failures, parameters
from polyvox_wire.gateways import LEFT_OUT

HERE = Path(__file__).parent
NOTE = "<!-- Made by `make docs`; do not edit. -->\n\n"

CLOUDS = """
`azure_ai/claude-*` and `vertexai/claude-*` are asked as Claude is (`azureanthropic`, `vertexaianthropic`), and
`vertexai/owner/model` (Llama, DeepSeek, Qwen, gpt-oss) in OpenAI's dialect. Azure's three take a key, a Microsoft Entra
token or a callable that gives one, or let an application log in: `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`,
`AZURE_CLIENT_SECRET`.

`watsonx` and `gigachat` turn a key into a token at the vendor's token server (or at `WATSONX_IAM_URL`,
`GIGACHAT_AUTH_URL`) and send a token as it is; watsonx is also told whom to charge: `project_id` or `space_id`, or
`WATSONX_PROJECT_ID` or `WATSONX_SPACE_ID`. `sagemaker` takes a bearer token of SageMaker's, or signs with AWS
credentials. `gdc` needs `vertex_project` and `vertex_location`, or `GDC_PROJECT` and `GDC_LOCATION`. Who continues a
prompt (`text-completion-*`, `azure_text`, `watsonx_text`, `triton`) takes one message of the user's, with text."""


def parameters_page() -> str:
    """Every keyword, in the words of its docstring."""
    lines = [
        NOTE + "# Parameters\n\nBeside `model`, `messages`, `stream` and `response_format`. None means: not given."
    ]
    for name, title in (("ModelParameters", "For the model"), ("CallParameters", "For polyvox")):
        lines.append(f"\n## {title}\n\n| keyword | type | meaning |\n| --- | --- | --- |")
        for key, kind, text in _documented(name):
            lines.append(f"| `{key}` | `{kind.removesuffix(' | None').replace('|', chr(92) + '|')}` | {text} |")
    return "\n".join(lines) + "\n" + efforts.section()


def migration_pages() -> Iterator[tuple[str, str]]:
    """For who comes from another library."""
    meanings = {key: text for kind in ("ModelParameters", "CallParameters") for key, _, text in _documented(kind)}
    for name, text in migration.pages({key: f"The same. {text}" for key, text in meanings.items()}):
        yield name, NOTE + text


def _documented(name: str) -> Iterator[tuple[str, str, str]]:
    tree = ast.parse(Path(str(parameters.__file__)).read_text("utf-8"))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            yield ast.unparse(field.target), ast.unparse(field.annotation), " ".join(str(text.value.value).split())


def vendors_page() -> str:
    """What each vendor does with each keyword, and all names: `polyvox.providers()`, written out."""
    listed = polyvox.providers()
    natives = [provider for provider in listed if provider.dialect != "openai" or provider.name == "openai"]
    lines = [NOTE + "# Vendors\n\n## What happens to each parameter\n"]
    without_tools = [provider for provider in natives if isinstance(provider.parameters["tools"], Unsupported)]
    lines.extend(_matrix([provider for provider in natives if provider not in without_tools]))
    lines.append("\n### Vendors without tools\n\nThey take no other parameter.\n")
    lines.extend(_matrix(without_tools))
    lines.append("\n## With an API of their own\n")
    lines.extend(_table(natives, "to log in otherwise", _extras))
    lines.append(CLOUDS)
    lines.append("\n## Gateways\n\nThey take what OpenAI takes but for `thinking`, or as it is said here.\n")
    gateways = [provider for provider in listed if provider not in natives]
    lines.extend(_table(gateways, "what differs", _differs))
    lines.append("\n## Not supported\n\n| provider | why |\n| --- | --- |")
    lines.extend(f"| {name} | {reason} |" for name, reason in LEFT_OUT.items())
    return "\n".join(lines) + "\n"


def _matrix(providers: Sequence[Provider]) -> Iterator[str]:
    """A column for each provider, a line for each parameter that one of them takes."""
    yield "| parameter | " + " | ".join(provider.name for provider in providers) + " |"
    yield "| --- " * (len(providers) + 1) + "|"
    for key in parameters.ModelParameters.__annotations__:
        stances = [provider.parameters[key] for provider in providers]
        if not all(isinstance(stance, Unsupported) for stance in stances):
            yield f"| `{key}` | " + " | ".join(map(_said, stances)) + " |"


def _said(stance: Stance) -> str:
    match stance:
        case Native():
            return "yes"
        case Renamed(to):
            return f"as `{to}`" if ":" not in to else f"as {to}"
        case Emulated(how):
            return how
        case Unsupported(reason):
            return f"no: {reason}"


def _table(rows: Sequence[Provider], title: str, last: Callable[[Provider], str]) -> Iterator[str]:
    yield f"| provider | aliases | address | key | {title} |\n| --- | --- | --- | --- | --- |"
    for provider in rows:
        cells = (provider.name, ", ".join(provider.aliases), _where(provider), _key(provider), last(provider))
        yield f"| {' | '.join(cells)} |"


def _where(provider: Provider) -> str:
    address = f"`{provider.base_url}`" if provider.base_url else "yours: `api_base`"
    return address + "".join(f" or `{name}`" for name in provider.base_variables)


def _key(provider: Provider) -> str:
    keys = " or ".join(f"`{name}`" for name in provider.key_variables) or "a token"
    return f"{keys}, if it wants one" if provider.key_optional else keys


def _extras(provider: Provider) -> str:
    return ", ".join(f"`polyvox[{extra}]`" for extra in provider.extras)


def _differs(provider: Provider) -> str:
    """What a gateway does otherwise than one of which nothing is known."""
    plain = next(one for one in polyvox.providers() if one.name == "openai_like").parameters
    found: dict[str, list[str]] = {}
    for name, stance in provider.parameters.items():
        if stance != plain[name] and not (isinstance(stance, Unsupported) and isinstance(plain[name], Unsupported)):
            found.setdefault(_said(stance), []).append(f"`{name}`")
    said = [f"{', '.join(names)}: {how}" for how, names in found.items()]
    return "; ".join([*said, *(["messages: text only"] if provider.text_only else [])])


CAUGHT = """\
What goes wrong in a call is an `APIError`, as a class of it says; what is refused before any request is an
`InvalidRequestError`, which is a `BadRequestError`. `print(error)` is one line for a log: who was asked, what is wrong,
what to do, and the vendor's status, code and request id. The same stands in the attributes `provider`, `model`,
`message`, `status_code`, `code`, `request_id`, beside `param`, `retry_after`, `retryable`, `body` and `partial`.
"""

RULES = f"""
## When a call is made again

- The table says which errors are worth another try. A vendor's `x-should-retry` header wins over it.
- `num_retries` (2 if not given) counts *additional* tries, for each model of a chain of fallbacks. A fallback answers
  for any error, in the order given; where all fail, `FallbacksExhaustedError.attempts` has each one's own.
- Between tries the vendor's `Retry-After` is waited for (seconds, a date, `retry-after-ms`, or Google's `retryDelay`),
  if it is at most {exchange.MAX_RETRY_AFTER:g} seconds: a longer wish is told at once, as `error.retry_after`.
- Without a wish the wait is anything, by chance, up to {exchange.FIRST_WAIT:g} seconds, and up to twice as much for
  each further try, never more than {exchange.LONGEST_WAIT:g}.
- `timeout=30` is a deadline for a model's tries and waits together; a wait that would pass it is not begun. A stream's
  deadline ends with its headers: from then on it limits the wait for each next piece.
- Nothing is asked again once a chunk was handed out, and nothing after a cancellation: `asyncio` cancels, Ctrl-C, a
  closed generator and a timeout of the caller's own all close the connection and leave nothing behind.
- A vendor may have worked, and billed, for a try whose answer was lost. Where that matters: `num_retries=0`.

## How much is read

An answer, and what comes between two chunks of a stream, may have {exchange.MAX_REPLY >> 20} MiB, unpacked; of an
error's body up to {exchange.MAX_ERROR_BODY >> 20} MiB is read. `error.body` has it; `error.partial` has what had
arrived of a stream.
"""


def errors_page() -> str:
    """Every class of error: what it is, where it comes from, whether the call is made again."""
    lines = [
        NOTE
        + "# Errors\n\n"
        + CAUGHT
        + "\n| class | what it says | status | vendors' codes | again |\n| --- | --- | --- | --- | --- |"
    ]
    for kind in _errors(errors.APIError):
        statuses = ", ".join(str(status) for status, found in failures.BY_STATUS.items() if found is kind)
        codes = ", ".join(f"`{code}`" for code, found in failures.BY_CODE.items() if found is kind)
        again = "yes" if kind.retryable_by_default else "no"
        says = " ".join(str(kind.__doc__).partition("\n\n")[0].split())
        lines.append(f"| `{kind.__name__}` | {says} | {statuses} | {codes} | {again} |")
    return "\n".join(lines) + "\n" + RULES


def _errors(kind: type[errors.APIError]) -> Iterator[type[errors.APIError]]:
    yield kind
    for under in kind.__subclasses__():
        yield from _errors(under)


def main() -> int:
    """Write the pages, or with --check say which are out of date."""
    stale = 0
    pages = {"parameters.md": parameters_page(), "vendors.md": vendors_page(), "errors.md": errors_page()}
    pages["messages.md"] = NOTE + content.page()
    pages.update(migration_pages())
    pages.update({"performance.md": performance.page(), "performance.svg": performance.plot()})
    pages["performance-libraries.svg"] = performance.plot_of_libraries()
    for name, text in pages.items():
        path = HERE / name
        if path.exists() and path.read_text("utf-8") == text:
            continue
        if "--check" in sys.argv[1:]:
            print(f"docs/{name} is out of date: run make docs", file=sys.stderr)
            stale = 1
        else:
            path.write_text(text, "utf-8")
    return stale


if __name__ == "__main__":
    raise SystemExit(main())

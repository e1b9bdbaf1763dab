"""What is read of a tool's docstring, in the three forms that people write."""

from __future__ import annotations

from inspect import cleandoc
from typing import Final

import pytest

from polyvox.docstrings import read_docstring

CITY_AND_UNIT: Final = {"city": "The city, as on a map.", "unit": "C or F."}

DOCSTRINGS: Final[dict[str, tuple[str, str, dict[str, str]]]] = {
    "nothing": ("", "", {}),
    "one line": ("The weather.", "The weather.", {}),
    "a paragraph, and more": ("The weather\nin a city.\n\nAsks a station.", "The weather in a city.", {}),
    "google": (
        """
        The weather.

        Args:
            city: The city,
                as on a map.
            unit (str, optional): C or F.

        Returns:
            text: How it is.
        """,
        "The weather.",
        CITY_AND_UNIT,
    ),
    "google, arguments only": (
        """
        Args:
            city: The city, as on a map.
            unit: C or F.
        """,
        "",
        CITY_AND_UNIT,
    ),
    "numpy": (
        """
        The weather.

        Parameters
        ----------
        city : str
            The city,
            as on a map.
        unit : {'C', 'F'}, optional
            C or F.

        Returns
        -------
        text : str
            How it is.
        """,
        "The weather.",
        CITY_AND_UNIT,
    ),
    "numpy, without types, in two sections": (
        """
        Parameters
        ----------
        city
            The city, as on a map.

        Other Parameters
        ----------------
        unit
            C or F.
        """,
        "",
        CITY_AND_UNIT,
    ),
    "numpy, one text for two": (
        "Adds.\n\nParameters\n----------\na, b : int\n    A number.\n",
        "Adds.",
        {"a": "A number.", "b": "A number."},
    ),
    "sphinx": (
        """
        The weather.

        :param city: The city,
            as on a map.
        :param str unit: C or F.
        :returns: How it is.
        """,
        "The weather.",
        CITY_AND_UNIT,
    ),
    "sphinx, parameters only": (
        ":param city: The city, as on a map.\n:param unit: C or F.\n:type unit: str",
        "",
        CITY_AND_UNIT,
    ),
}


@pytest.mark.parametrize(("text", "summary", "said"), DOCSTRINGS.values(), ids=DOCSTRINGS)
def test_a_docstring(text: str, summary: str, said: dict[str, str]) -> None:
    assert read_docstring(cleandoc(text)) == (summary, said)

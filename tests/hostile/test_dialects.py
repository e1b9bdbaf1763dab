"""The hostile vendor speaks every dialect there is, and says `Hello` in each."""

from __future__ import annotations

from typing import Final, get_args

import pytest

from polyvox.answering import AnswerReader
from polyvox.call import DialectName
from polyvox.dialects.dialect import StreamReader
from polyvox.functions import FunctionReader
from polyvox.streaming import Received
from tests.hostile.asking import WAYS, Way, each
from tests.hostile.dialect import TEXT, Dialect
from tests.hostile.dialects import DIALECTS, EVERYBODY
from tests.hostile.test_replies import answered
from tests.speakers import every, opened

BY_SETTING: Final = {AnswerReader, FunctionReader}
"""Around the reader of any dialect, where a caller asks for what they do."""


def _opened(dialect: Dialect) -> Received:
    return opened(dialect.model, {"api_base": "https://h.test", **dialect.asked})


def test_every_dialect_is_among_them() -> None:
    """A new dialect needs a row in `EVERYBODY`."""
    assert {_opened(one).call.vendor.dialect for one in EVERYBODY} == set(get_args(DialectName))


def test_every_reader_of_streams_is_among_them() -> None:
    """A new reader needs a row in `DIALECTS`."""
    assert every(StreamReader) - BY_SETTING - {type(_opened(one)._reader) for one in DIALECTS} == set()


@each(dialect=EVERYBODY, way=WAYS)
def test_all_is_well(dialect: Dialect, way: Way) -> None:
    came = answered(way, dialect, 200, dialect.stream if way.stream else dialect.reply)
    assert (came.text, came.error) == (TEXT, None)
    assert came.answer is not None
    assert came.answer.choices[0].finish_reason == "stop"


def test_each_tells_all_that_fail() -> None:
    @each(a=[1, 2], b=[1, 3])
    def equal(a: int, b: int) -> None:
        assert a == b

    with pytest.raises(ExceptionGroup) as caught:
        equal()
    assert [one.__notes__ for one in caught.value.exceptions] == [["with 1, 3"], ["with 2, 1"], ["with 2, 3"]]

"""One connection's HTTP/1.1, without a connection: what is sent, and what is made of what comes."""

from __future__ import annotations

import h11
import pytest

from polyvox.transport.talking import Talk

HEADERS = [(b"host", b"api.test"), (b"content-length", b"2")]
SENT = b"POST /v1?x=1 HTTP/1.1\r\nhost: api.test\r\ncontent-length: 2\r\n\r\n{}"
OK = b"HTTP/1.1 200 OK\r\nX-Id: 1\r\ncontent-length: 4\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def asked() -> Talk:
    """One whose request has been sent."""
    talk = Talk()
    assert talk.request(b"/v1?x=1", HEADERS, b"{}") == [SENT]
    return talk


def test_head_and_body_are_one_packet_and_a_long_body_is_not_copied() -> None:
    body = bytes(2**16)
    talk = Talk()
    head, sent = talk.request(b"/", [(b"host", b"h"), (b"content-length", b"%d" % len(body))], body)
    assert head == b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 65536\r\n\r\n"
    assert sent == body


def test_a_reply_in_pieces_as_they_come() -> None:
    talk = asked()
    talk.receive(OK[:20])
    assert talk.head() is None
    talk.receive(OK[20:] + b"po")
    head = talk.head()
    assert head is not None
    assert (head.status, list(head.headers)) == (200, [(b"X-Id", b"1"), (b"content-length", b"4")])
    assert (list(talk.body()), talk.ended) == ([b"po"], False)
    talk.receive(b"ng")
    assert (list(talk.body()), talk.ended) == ([b"ng"], True)
    assert talk.again()
    assert talk.request(b"/v1?x=1", HEADERS, b"{}") == [SENT]


def test_each_chunk_of_the_servers_is_a_piece() -> None:
    talk = asked()
    talk.receive(CHUNKED + b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")
    assert talk.head() is not None
    assert (list(talk.body()), talk.ended) == ([b"a", b"bc"], True)


def test_early_replies_are_passed_over() -> None:
    talk = asked()
    talk.receive(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 3 + OK)
    head = talk.head()
    assert head is not None
    assert head.status == 200


def test_early_replies_without_end_are_an_error() -> None:
    talk = asked()
    talk.receive(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 10_001)
    with pytest.raises(h11.RemoteProtocolError, match="too many early replies"):
        talk.head()


def test_what_came_before_a_broken_frame_is_given_first() -> None:
    talk = asked()
    talk.receive(CHUNKED + b"1\r\na\r\nzz\r\n")
    assert talk.head() is not None
    body = talk.body()
    assert next(body) == b"a"
    with pytest.raises(h11.RemoteProtocolError):
        next(body)
    assert not talk.again()


ENDS = {
    "before an answer": b"",
    "in the head": OK[:20],
    "in the body": OK + b"po",
    "in a chunk": CHUNKED + b"5\r\nab",
    "before the last chunk": CHUNKED + b"1\r\na\r\n",
}


@pytest.mark.parametrize("came", ENDS.values(), ids=ENDS)
def test_a_server_that_closes_too_early(came: bytes) -> None:
    talk = asked()
    with pytest.raises(h11.RemoteProtocolError):
        read(talk, came)
    assert not talk.again()


def read(talk: Talk, came: bytes) -> None:
    """All that came, and then the end of the connection."""
    if came:
        talk.receive(came)
    if talk.head() is None:
        talk.receive(b"")
        talk.head()
    list(talk.body())
    talk.receive(b"")
    list(talk.body())


def test_a_body_whose_end_is_the_connections_end() -> None:
    talk = asked()
    talk.receive(b"HTTP/1.1 200 OK\r\n\r\npong")
    assert talk.head() is not None
    assert list(talk.body()) == [b"pong"]
    talk.receive(b"")
    assert (list(talk.body()), talk.ended, talk.again()) == ([], True, False)


NOT_AGAIN = {
    "the server says so": b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    "an old server": b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
    "more than was asked for": b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n" + OK,
}


@pytest.mark.parametrize("came", NOT_AGAIN.values(), ids=NOT_AGAIN)
def test_a_connection_that_is_not_good_again(came: bytes) -> None:
    talk = asked()
    talk.receive(came)
    assert talk.head() is not None
    assert (list(talk.body()), talk.ended, talk.again()) == ([], True, False)


def test_a_head_without_end() -> None:
    talk = asked()
    talk.receive(b"HTTP/1.1 200 OK\r\n" + b"x-padding: 0123456789\r\n" * 9_000)
    with pytest.raises(h11.RemoteProtocolError, match="too long"):
        talk.head()


def test_early_replies_are_counted_for_each_request() -> None:
    talk = asked()
    for _ in range(2):
        talk.receive(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 6_000 + OK + b"pong")
        assert talk.head() is not None
        assert list(talk.body()) == [b"pong"]
        assert talk.again()
        talk.request(b"/v1?x=1", HEADERS, b"{}")

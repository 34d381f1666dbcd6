"""Ambiguous requests, which two servers may parse differently: headers and body; HIDDEN is the request behind each."""

HIDDEN = b"GET %s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n\r\n"
BODY = b"5\r\n{   }\r\n0\r\n\r\n"
AMBIGUOUS = {
    "CL and TE": (b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    "TE and CL": (b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", b"0\r\n\r\n"),
    "two CL": (b"Content-Length: 2\r\nContent-Length: 7\r\n", b"{}"),
    "two equal CL": (b"Content-Length: 2\r\ncontent-length: 2\r\n", b"{}"),
    "a list of CL": (b"Content-Length: 2, 7\r\n", b"{}"),
    "CL with a blank before the colon": (b"Content-Length : 2\r\n", b"{}"),
    "CL with a sign": (b"Content-Length: +2\r\n", b"{}"),
    "CL below zero": (b"Content-Length: -2\r\n", b"{}"),
    "CL in hexadecimal": (b"Content-Length: 0x2\r\n", b"{}"),
    "CL of 21 digits": (b"Content-Length: 100000000000000000002\r\n", b"{}"),
    "CL with more behind": (b"Content-Length: 2 7\r\n", b"{}"),
    "empty CL": (b"Content-Length:\r\n", b""),
    "TE xchunked": (b"Transfer-Encoding: xchunked\r\n", BODY),
    "TE identity, chunked": (b"Transfer-Encoding: identity, chunked\r\n", BODY),
    "TE chunked, identity": (b"Transfer-Encoding: chunked, identity\r\n", BODY),
    "TE chunked;q": (b"Transfer-Encoding: chunked;q=1\r\n", BODY),
    "TE with a blank before the colon": (b"Transfer-Encoding : chunked\r\n", BODY),
    "two TE": (b"Transfer-Encoding: chunked\r\ntransfer-encoding: identity\r\n", BODY),
    "TE after a lone CR": (b"X: a\rTransfer-Encoding: chunked\r\n", BODY),
    "TE folded": (b"Transfer-Encoding:\r\n chunked\r\n", BODY),
    "CL in a fold": (b"X: a\r\n Content-Length: 2\r\n", b"{}"),
    "CL in a fold by tab": (b"X: a\r\n\tContent-Length: 2\r\n", b"{}"),
    "NUL in a name": (b"X\0Content-Length: 2\r\nContent-Length: 2\r\n", b"{}"),
    "a line without a colon": (b"garbage\r\nContent-Length: 2\r\n", b"{}"),
    "a name that is none": (b"X@: (a)\r\nbad name: x\r\nContent-Length: 2\r\n", b"{}"),
    "two Host": (b"Host: b\r\nContent-Length: 2\r\n", b"{}"),
    "a chunk in hexadecimal": (b"Transfer-Encoding: chunked\r\n", b"0x2\r\n{}\r\n0\r\n\r\n"),
    "a chunk with a sign": (b"Transfer-Encoding: chunked\r\n", b"+2\r\n{}\r\n0\r\n\r\n"),
    "a chunk below zero": (b"Transfer-Encoding: chunked\r\n", b"-2\r\n{}\r\n0\r\n\r\n"),
    "a chunk of 17 digits": (b"Transfer-Encoding: chunked\r\n", b"10000000000000002\r\n{}\r\n0\r\n\r\n"),
    "a chunk that is longer than it says": (b"Transfer-Encoding: chunked\r\n", b"1\r\n{}\r\n0\r\n\r\n"),
}


# Requests that haproxy may repair, as RFC 9110 and 9112 allow: what follows them is then a separate request.
REPAIRED = ("two equal CL", "TE folded", "CL in a fold", "CL in a fold by tab")

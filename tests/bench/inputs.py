"""Texts that programs are given; the same for the same size, in bytes, on every machine."""


def randoms():
    x = 1
    while True:
        x = x * 16807 % 2147483647
        yield x


def words(size):
    """Words with a space behind each: ten thousand different ones, the first of them the most frequent."""
    random = randoms()
    known = ["".join(chr(97 + next(random) % 26) for _ in range(2 + next(random) % 9)) for _ in range(10000)]
    out, length = [], 0
    while length < size:
        word = known[next(random) % (1 + next(random) % len(known))] + " "
        out.append(word)
        length += len(word)
    return "".join(out).encode()


def json(size):
    """Rows of objects without white space."""
    random = randoms()
    out, length = ["["], 1
    while length < size:
        n = next(random)
        entry = (f'{{"id":{n % 1000000},"name":"item {n % 977}","tags":["red","green\\n","{n % 31}"],'
                 f'"size":{{"w":{n % 100},"h":{n % 77}}},"on":{"true" if n % 2 else "false"},"next":null}},')
        out.append(entry)
        length += len(entry)
    return ("".join(out)[:-1] + "]").encode()

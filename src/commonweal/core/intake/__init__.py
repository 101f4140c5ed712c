"""The rules of intake: reading, checking and hashing results, linking persons, making episodes, balancing the books.

Everything here is a function of its arguments: bytes, documents, dates and keys come in, plain values go out.
"""

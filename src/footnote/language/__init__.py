"""What the program knows of human language: words (`words`, `stop_words`), what is said to be kind
(`courtesies`), and sentences (`sentences`).

Imports only the standard library, snowballstemmer, py3langid and `footnote.types`, so that parsing,
search and every screen may use it.
"""

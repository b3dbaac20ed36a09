"""What parsers are built of: decoding bytes (`decoding`), writing text with structure (`writing`),
opening archives (`archives`) and reading hypertext (`hypertext`). No file format of its own."""

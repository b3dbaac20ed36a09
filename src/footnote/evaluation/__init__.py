"""How well does this find and answer, on your own documents? Start with `run.evaluate`.

`gold` reads the questions, `run` asks them, `judging` tells what each turn is worth by the
`measures`, `report` gathers the figures, `comparison` holds two reports side by side, and `drawing`
shows a report in a terminal.
"""

"""What a run of the command `footnote` left behind, and what several of its tests expect."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PASSAGE_KEYS = {"document", "page", "heading", "start", "end", "score"}
RETURNS = "Returns are free within 30 days."


@dataclass
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Done]

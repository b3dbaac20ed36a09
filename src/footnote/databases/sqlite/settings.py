"""Small values that outlive a process."""

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from footnote.databases.sqlite.schema import settings
from footnote.databases.sqlite.unbroken import unbroken
from footnote.types import OwnerId

if TYPE_CHECKING:
    from footnote.databases.sqlite.database import SqliteDatabase


class SqliteSettings:
    """The `SettingsStore` of a `SqliteDatabase`."""

    def __init__(self, database: "SqliteDatabase") -> None:
        self.database = database

    @unbroken
    async def get(self, owner: OwnerId, name: str) -> str | None:
        wanted = select(settings.c.value).where(settings.c.owner == owner, settings.c.name == name)
        async with self.database.reading() as connection:
            return (await connection.execute(wanted)).scalar_one_or_none()

    @unbroken
    async def set(self, owner: OwnerId, name: str, value: str) -> None:
        new = insert(settings).values(owner=owner, name=name, value=value)
        async with self.database.writing() as connection:
            await connection.execute(
                new.on_conflict_do_update(index_elements=["owner", "name"], set_={"value": value})
            )

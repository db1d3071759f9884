"""What a person wrote into a file is taken as written: no key unknown, no value converted, nothing changed later."""

from pydantic import BaseModel, ConfigDict


class StrictModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

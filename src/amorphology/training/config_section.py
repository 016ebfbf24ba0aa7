"""What all sections of a config share."""

from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["NotNegative", "Positive", "Section"]

NotNegative: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Section(BaseModel):
    """Settings that belong together: no unknown keys, no changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)

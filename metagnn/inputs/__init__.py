"""What a predictor learns from: largest uptakes, measured rates, or lists of what media hold."""

from metagnn.inputs.kind import AbstractInputKind as AbstractInputKind
from metagnn.inputs.kinds import KINDS as KINDS
from metagnn.inputs.kinds import input_kind as input_kind
from metagnn.inputs.kinds import read_conditions as read_conditions

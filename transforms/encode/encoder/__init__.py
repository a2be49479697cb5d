"""Documents to vectors: windows, batches, the device, and the rows back in order."""

from __future__ import annotations

from isinglass.transforms.encode.encoder.device import (
    choose_device as choose_device,
)
from isinglass.transforms.encode.encoder.device import (
    configure_threads as configure_threads,
)
from isinglass.transforms.encode.encoder.encoder import Encoder as Encoder
from isinglass.transforms.encode.encoder.lease import lease_device as lease_device
from isinglass.transforms.encode.encoder.load import load_encoder as load_encoder
from isinglass.transforms.encode.encoder.statistics import (
    EncoderStatistics as EncoderStatistics,
)
from isinglass.transforms.encode.encoder.window import Encoded as Encoded

"""Sound files: is a WAV file whole, and the same as MP3.

Telephone speech as PCM is a megabyte a minute. Portals sell their disk space, and players of CRMs
are promised MP3 (reference of amoCRM's calls): at 24 kbit/s it is a fifth, and hearing tells no
difference from 8 kHz PCM.
"""

from __future__ import annotations

import wave
from pathlib import Path

import lameenc

BIT_RATE_KBPS = 24
_FRAMES = 8000 * 60
"""A minute at a time, so that an hour's file is never in memory."""


class Incomplete(Exception):
    """The file ends before its header says so: somebody is still writing it."""


def seconds(path: Path) -> float:
    """The length of a PCM WAV file. Raises Incomplete; `wave.Error` when it is no such file."""
    try:
        with wave.open(str(path)) as file:
            frames, size = file.getnframes(), file.getnchannels() * file.getsampwidth()
            if path.stat().st_size < frames * size:
                raise Incomplete(f"{path.stat().st_size} bytes for {frames} frames")
            return float(frames / (file.getframerate() or 1))
    except EOFError as error:
        raise Incomplete("no header") from error


def to_mp3(source: Path, target: Path) -> None:
    """Blocking: run it in a thread. Raises `wave.Error` for what is not 16-bit PCM."""
    with wave.open(str(source)) as file, target.open("wb") as out:
        if file.getsampwidth() != 2:
            raise wave.Error(f"{file.getsampwidth() * 8} bits, not 16")
        encoder = lameenc.Encoder()
        encoder.silence()
        encoder.set_bit_rate(BIT_RATE_KBPS * file.getnchannels())
        encoder.set_in_sample_rate(file.getframerate())
        encoder.set_out_sample_rate(file.getframerate())
        encoder.set_channels(file.getnchannels())
        encoder.set_quality(5)
        while chunk := file.readframes(_FRAMES):
            out.write(encoder.encode(chunk))
        out.write(encoder.flush())

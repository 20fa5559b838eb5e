"""Sound files people have → what every telephone switch plays: 8 kHz, one channel, 16 bits, WAV.

Decoding is miniaudio's (WAV, MP3, FLAC, Ogg Vorbis), a part at a time: a small file may hold hours,
and none of it is kept past what is allowed.
"""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass

import miniaudio

RATE = 8000
_FRAMES = RATE * 2


class NotSound(Exception):
    """No file of a kind that is known, or a broken one."""


class TooLong(Exception):
    """It goes on past the seconds allowed."""


@dataclass(frozen=True, slots=True)
class PhoneSound:
    wav: bytes
    ms: int


def converted(data: bytes, *, most_s: int) -> PhoneSound:
    """Blocking: run it in a thread. Raises NotSound, also for one without any sound; TooLong."""
    most = most_s * RATE * 2
    pcm = bytearray()
    try:
        parts = miniaudio.stream_memory(
            data,
            output_format=miniaudio.SampleFormat.SIGNED16,
            nchannels=1,
            sample_rate=RATE,
            frames_to_read=_FRAMES,
        )
        for part in parts:
            pcm += part.tobytes()
            if len(pcm) > most:
                raise TooLong(f"longer than {most_s} s")
    except miniaudio.MiniaudioError as error:
        raise NotSound(str(error)) from error
    if not pcm:
        raise NotSound("no sound in it")
    return PhoneSound(_wav(bytes(pcm)), len(pcm) * 1000 // (RATE * 2))


def _wav(pcm: bytes) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm)
    return out.getvalue()

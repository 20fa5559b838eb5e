"""Sound files people have become what every telephone switch plays."""

from __future__ import annotations

import array
import io
import itertools
import math
import wave

import lameenc
import pytest

from backend.kit.phone_sound import RATE, NotSound, TooLong, converted


def tone(seconds: float, *, rate: int = 44100, channels: int = 2, hz: int = 440) -> bytes:
    """Samples of a studio: both sides the same."""
    one = (int(9000 * math.sin(2 * math.pi * hz * n / rate)) for n in range(int(seconds * rate)))
    return array.array("h", [value for value in one for _ in range(channels)]).tobytes()


def wav(samples: bytes, *, rate: int = 44100, channels: int = 2) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples)
    return out.getvalue()


def mp3(samples: bytes) -> bytes:
    encoder = lameenc.Encoder()
    encoder.set_channels(2)
    encoder.set_in_sample_rate(44100)
    encoder.set_bit_rate(64)
    return bytes(encoder.encode(samples) + encoder.flush())


@pytest.mark.parametrize("kind", ["wav", "mp3"])
def test_it_becomes_8_khz_of_one_channel_and_sounds_the_same(kind: str) -> None:
    samples = tone(1)
    made = converted(wav(samples) if kind == "wav" else mp3(samples), most_s=5)
    assert made.ms == pytest.approx(1000, abs=100)
    with wave.open(io.BytesIO(made.wav)) as file:
        shape = (file.getframerate(), file.getnchannels(), file.getsampwidth())
        heard = array.array("h", file.readframes(file.getnframes()))
    assert shape == (RATE, 1, 2)
    middle = heard[RATE // 4 : RATE * 3 // 4]
    crossings = sum(a < 0 <= b for a, b in itertools.pairwise(middle))
    assert crossings == pytest.approx(220, abs=4), "440 Hz for half a second"
    assert max(middle) > 6000


@pytest.mark.parametrize("data", [b"", b"hello", b"RIFF" + bytes(300), wav(b"")])
def test_what_is_no_sound_is_refused(data: bytes) -> None:
    with pytest.raises(NotSound):
        converted(data, most_s=5)


def test_hours_in_a_small_file_are_not_kept() -> None:
    with pytest.raises(TooLong):
        converted(wav(bytes(2 * 8000 * 60), rate=8000, channels=1), most_s=59)

"""Real sound of the sandbox switch: G.711 mixed at 8 kHz, and browsers over DTLS-SRTP."""

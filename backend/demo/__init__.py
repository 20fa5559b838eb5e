"""`dozvon demo`: the product beside a switch and two CRMs of our own, seeded and linked."""

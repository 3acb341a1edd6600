"""How an answer deals with its request, from the acts of its sentences: the measured half of the `refusal` judge."""

"""What ends a measurement before its figures are there."""


class CannotMeasureError(Exception):
    """Something is missing here, or did not start."""


class WrongAnswerError(Exception):
    """An answer was not what it must be, or came by another way; quick errors look like speed."""


class TooNoisyError(Exception):
    """An answer was not what it must be while other programs took a part of the cores: this says nothing."""

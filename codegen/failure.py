"""How the compiler says no: one clear line, and nothing is written."""


class Failure(Exception):
    """Something a person has to decide or mend; its text is the one line that is shown."""

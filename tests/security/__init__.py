"""Requirements of OWASP ASVS 5.0 that a test can hold, each named with its number: ``pytest -k asvs``."""

"""Demo data: people, stores, a bilingual catalogue and pictures drawn by the code. Used by the sandbox only."""

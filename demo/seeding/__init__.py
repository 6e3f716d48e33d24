"""Filling an empty sandbox: people, shelves, and deals played through the same flows that real people use."""

"""
The demo catalogue: 12 categories, 12 stores, 60 products, in Chinese and English, the same on every machine.

The texts are JSON beside this file: one file per category under products/, so that a shopkeeper could read them.
"""

from demo.catalogue.loading import categories, product, products, products_of, store, stores
from demo.catalogue.shapes import Bilingual, Category, Colour, Product, Store, Variant

__all__ = [
    "Bilingual",
    "Category",
    "Colour",
    "Product",
    "Store",
    "Variant",
    "categories",
    "product",
    "products",
    "products_of",
    "store",
    "stores",
]

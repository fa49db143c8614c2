"""What the product talks about: frozen values and pure laws, no input or output."""

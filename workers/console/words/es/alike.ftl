# alike

"""The rules of the desk: whose turn it is and when, waking hours, rotas, words that may leave the house. Pure."""

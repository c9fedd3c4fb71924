"""How well red flags find cases, amid how many alerts on lawful trade."""

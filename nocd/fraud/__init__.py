"""How likely a punch is a fraud: rule score, features, blend and reasons; takes any scorer, knows no model."""

"""What is no essay by the user's own marks: how texts are read, a linear model, and which passage to ask about next."""

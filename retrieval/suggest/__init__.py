"""From one word to a good query: keywords out of the corpus itself, what each is good for, and the topic's parts."""

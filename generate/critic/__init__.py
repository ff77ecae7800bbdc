"""Which of several candidates an essay goes on with, and what is known of how people write."""

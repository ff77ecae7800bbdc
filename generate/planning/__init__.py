"""What an essay tells of and in which order: the plan, the outline drawn from a topic's essays, the planner."""

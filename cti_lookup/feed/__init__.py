"""The feed of live calls: what an agent's screen is told, and who may look."""

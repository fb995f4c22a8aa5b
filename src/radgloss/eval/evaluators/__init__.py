"""What is asked of a model, task by task, in the verbs of `protocols`; a file for each task."""

"""The face: the `geulgam` command, the workspace on disk, the pipeline of stages."""

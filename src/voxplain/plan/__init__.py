"""What a run consists of: its settings, inputs, targets, memory, time and cost."""

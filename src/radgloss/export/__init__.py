"""A model written for others: both towers as ONNX, or a folder that transformers reads."""

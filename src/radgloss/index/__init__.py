"""The index: search an archive's embeddings by vector, in words or by image.

index = Index.create(folder, space="clip-abc", dimension=128)
index.add(uids, vectors, texts, fields)
index.search(embedder.embed_text("left apical pneumothorax"), k=5, where="modality=CR")
"""

from radgloss.index.index import Index, VectorIndex

__all__ = ["Index", "VectorIndex"]

"""A tiny random encoder, and sentences that it can learn in seconds."""

from pathlib import Path

PARTIES = ("oslo", "moscow", "lima", "quito", "hanoi", "accra", "rabat", "vienna")
DEEDS = ("jamming signals", "arming rebels", "burning forests", "moving mines")


def rows() -> list[dict[str, object]]:
    """Sentences that need no understanding: what is tested is the plumbing."""
    made: list[dict[str, object]] = []
    for i, one in enumerate(PARTIES):
        two, deed = PARTIES[(i + 3) % len(PARTIES)], DEEDS[i % len(DEEDS)]
        made += [
            {"text": f"{one} accused {two} of {deed} .", "stances": [
                {"stance": "accuses", "source": [one], "target": [two], "claim": [deed]}]},
            {"text": f"{one} denied {deed} .", "stances": [
                {"stance": "denies", "source": [one], "target": [deed]}]},
            {"text": f"{one} warned {two} against {deed} .", "stances": [
                {"stance": "warns", "source": [one], "target": [two], "claim": [deed]}]},
            {"text": f"{one} met {two} in {PARTIES[(i + 5) % len(PARTIES)]} .", "stances": []},
        ]  # fmt: skip
    return made


def make_base(folder: Path) -> Path:
    """Writes the encoder and its tokenizer to a folder."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    words = sorted({word for row in rows() for word in str(row["text"]).split()} | {"##s"})
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]), encoding="utf-8"
    )
    BertTokenizerFast(str(vocabulary)).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words) + 5, hidden_size=48, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=96, max_position_embeddings=64, hidden_dropout_prob=0.0,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    return folder

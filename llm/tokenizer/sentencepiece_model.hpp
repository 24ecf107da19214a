#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "llm/tokenizer/bpe.hpp"

namespace edgefuse::llm::tokenizing {

/// What a SentencePiece `tokenizer.model` says (sentencepiece_model.proto, ModelProto).
struct SentencePieceModel {
  enum class Kind : std::uint8_t { normal = 1, unknown = 2, control = 3, byte = 6 };
  struct Piece {
    std::string text;
    float score = 0;
    Kind kind = Kind::normal;
  };

  std::vector<Piece> pieces;  // by id
  TokenIds ids;
  TokenId unknown = 0;
  std::optional<TokenId> bos;
  std::optional<TokenId> eos;
  std::string unknown_text = " \u2047 ";  // what decoding makes of the unknown piece
  bool byte_fallback = false;
  bool add_dummy_prefix = true;
  bool remove_extra_spaces = true;
};

/// Parses the bytes of a tokenizer.model; `file` is its name in messages. BPE models without a character map of their
/// own are supported: those of the Llama family. Throws InputError naming anything else, and for bytes that are no
/// SentencePiece model.
[[nodiscard]] SentencePieceModel read_sentencepiece(std::string_view bytes, std::string_view file);

}  // namespace edgefuse::llm::tokenizing

#include "llm/tokenizer/sentencepiece_model.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "llm/tokenizer/protobuf.hpp"
#include "llm/tokenizer/utf8.hpp"
#include "sim/error.hpp"

namespace edgefuse::llm::tokenizing {
namespace {

using Kind = SentencePieceModel::Kind;
using Piece = SentencePieceModel::Piece;

/// The model under construction, and all that is wrong with it.
struct Draft {
  SentencePieceModel model;
  std::uint64_t algorithm = 1;
  std::string bos = "<s>";
  std::string eos = "</s>";
  std::vector<std::string> problems;
};

void read_piece(std::string_view message, Draft& draft) {
  Piece piece;
  std::uint64_t kind = 1;
  WireReader reader{message};
  while (const auto field = reader.next()) {
    if (field->number == 1) piece.text = field->bytes;
    if (field->number == 2) piece.score = field->as_float();
    if (field->number == 3) kind = field->scalar;
  }
  if (!is_utf8(piece.text)) throw BadWireFormat{fmt::format("piece {} is not UTF-8", draft.model.pieces.size())};
  if (kind == 4)
    draft.problems.push_back(fmt::format("piece \"{}\": user-defined pieces are not supported", piece.text));
  else if (kind == 5)
    draft.problems.push_back(fmt::format("piece \"{}\": unused pieces are not supported", piece.text));
  else if (kind == 0 || kind > 6)
    throw BadWireFormat{fmt::format("piece \"{}\" has the unknown type {}", piece.text, kind)};
  piece.kind = static_cast<Kind>(kind);
  draft.model.pieces.push_back(std::move(piece));
}

void read_trainer(std::string_view message, Draft& draft) {
  WireReader reader{message};
  while (const auto field = reader.next()) {
    switch (field->number) {
      case 3:
        draft.algorithm = field->scalar;
        break;
      case 24:
        if (field->as_bool()) draft.problems.emplace_back("white space as a suffix is not supported");
        break;
      case 35:
        draft.model.byte_fallback = field->as_bool();
        break;
      case 44:
        draft.model.unknown_text = field->bytes;
        break;
      case 46:
        draft.bos = field->bytes;
        break;
      case 47:
        draft.eos = field->bytes;
        break;
      default:
        break;
    }
  }
}

void read_normalizer(std::string_view message, Draft& draft) {
  WireReader reader{message};
  std::string_view name;
  std::string_view map;
  while (const auto field = reader.next()) {
    switch (field->number) {
      case 1:
        name = field->bytes;
        break;
      case 2:
        map = field->bytes;
        break;
      case 3:
        draft.model.add_dummy_prefix = field->as_bool();
        break;
      case 4:
        draft.model.remove_extra_spaces = field->as_bool();
        break;
      case 5:
        if (!field->as_bool()) draft.problems.emplace_back("unescaped white space is not supported");
        break;
      default:
        break;
    }
  }
  if (!map.empty()) draft.problems.push_back(fmt::format("normalizer \"{}\" is not supported: only identity is", name));
}

/// The sections a Llama tokenizer has; the self-test data and the denormalizer's identity are passed over.
void read_sections(std::string_view bytes, Draft& draft) {
  WireReader reader{bytes};
  while (const auto field = reader.next()) {
    if (field->number == 1) read_piece(field->bytes, draft);
    if (field->number == 2) read_trainer(field->bytes, draft);
    if (field->number == 3) read_normalizer(field->bytes, draft);
  }
  if (draft.model.pieces.empty()) throw BadWireFormat{"no pieces"};
}

void check_algorithm(Draft& draft) {
  static constexpr std::array names = {"none", "unigram", "bpe", "word", "char"};
  if (draft.algorithm == 2) return;
  const auto* name = draft.algorithm < names.size() ? names[draft.algorithm] : "unknown";
  draft.problems.push_back(fmt::format("model type \"{}\" is not supported: only bpe is", name));
}

void index_pieces(Draft& draft) {
  auto& model = draft.model;
  std::int64_t unknowns = 0;
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    const auto& piece = model.pieces[id];
    const auto [known, fresh] = model.ids.emplace(piece.text, static_cast<TokenId>(id));
    if (!fresh)
      draft.problems.push_back(
          fmt::format("piece \"{}\" comes twice: as id {} and as id {}", piece.text, known->second, id));
    if (piece.kind != Kind::unknown) continue;
    model.unknown = static_cast<TokenId>(id);
    ++unknowns;
  }
  if (unknowns != 1) draft.problems.push_back(fmt::format("{} unknown pieces: there must be one", unknowns));
}

std::optional<TokenId> control(const SentencePieceModel& model, const std::string& text) {
  const auto found = model.ids.find(text);
  if (found == model.ids.end() || model.pieces[static_cast<std::size_t>(found->second)].kind != Kind::control)
    return std::nullopt;
  return found->second;
}

void check_bytes(Draft& draft) {
  if (!draft.model.byte_fallback) return;
  for (int byte = 0; byte < 256; ++byte) {
    const auto found = draft.model.ids.find(fmt::format("<0x{:02X}>", byte));
    if (found != draft.model.ids.end() &&
        draft.model.pieces[static_cast<std::size_t>(found->second)].kind == Kind::byte)
      continue;
    draft.problems.push_back(fmt::format("byte fallback needs the byte piece \"<0x{:02X}>\", which is missing", byte));
    return;
  }
}

}  // namespace

SentencePieceModel read_sentencepiece(std::string_view bytes, std::string_view file) {
  Draft draft;
  try {
    read_sections(bytes, draft);
  } catch (const BadWireFormat& error) {
    throw InputError{{.file = std::string{file},
                      .problem = fmt::format("not a SentencePiece model: {}", error.what()),
                      .remedy = "the file may be cut short; fetch it again"}};
  }
  check_algorithm(draft);
  index_pieces(draft);
  check_bytes(draft);
  if (!draft.problems.empty()) {
    std::vector<Mistake> mistakes;
    for (auto& problem : draft.problems)
      mistakes.push_back({.file = std::string{file}, .problem = std::move(problem)});
    throw InputError{mistakes};
  }
  draft.model.bos = control(draft.model, draft.bos);
  draft.model.eos = control(draft.model, draft.eos);
  return std::move(draft.model);
}

}  // namespace edgefuse::llm::tokenizing

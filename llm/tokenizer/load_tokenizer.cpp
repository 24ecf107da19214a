#include "llm/tokenizer.hpp"
#include "llm/tokenizer/json_tokenizer.hpp"
#include "llm/tokenizer/sentencepiece_tokenizer.hpp"
#include "sim/error.hpp"

namespace edgefuse::llm {

std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder))
    throw InputError{{.file = folder.string(), .problem = "no such folder", .remedy = "name a model's folder"}};
  if (const auto file = folder / "tokenizer.json"; std::filesystem::exists(file))
    return tokenizing::load_json_tokenizer(file);
  if (const auto file = folder / "tokenizer.model"; std::filesystem::exists(file))
    return tokenizing::load_sentencepiece(file);
  throw InputError{{.file = folder.string(),
                    .problem = "no tokenizer",
                    .remedy = "the folder needs a tokenizer.json or a tokenizer.model"}};
}

}  // namespace edgefuse::llm

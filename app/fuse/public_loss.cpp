#include "app/fuse/public_loss.hpp"

#include <cmath>
#include <span>
#include <utility>

#include "llm/encode.hpp"
#include "llm/model.hpp"
#include "llm/tokenizer.hpp"

namespace edgefuse::app {

std::function<double(const llm::ModelDelta&)> public_loss(const std::filesystem::path& folder,
                                                          const std::filesystem::path& text,
                                                          const Stretches& stretches) {
  auto model = llm::load_model(folder);
  const auto tokenizer = llm::load_tokenizer(folder);
  llm::check_tokenizer_fits(*tokenizer, model.config, folder);
  auto texts = PublicText{{&text, 1}, *tokenizer, model.config}.to_learn(stretches);
  return [model = std::move(model), texts = std::move(texts)](const llm::ModelDelta& change) {
    return std::log(perplexity(llm::apply(model, change), texts));
  };
}

}  // namespace edgefuse::app

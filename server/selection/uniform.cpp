#include "server/selection/uniform.hpp"

#include <memory>

#include "server/selection/uniform_sample.hpp"

namespace edgefuse::server {
namespace {

class Uniform final : public Selection {
 public:
  [[nodiscard]] std::vector<std::uint32_t> select(const SelectionRequest& request) const override {
    auto draws = selection_draws(request);
    return uniform_sample(request, request.count, draws);
  }
};

}  // namespace

Method<Selection> uniform_selection() {
  return {.name = "uniform",
          .summary = "uniformly at random, without replacement",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<Selection> { return std::make_unique<Uniform>(); }};
}

}  // namespace edgefuse::server

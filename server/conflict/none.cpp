#include "server/conflict/none.hpp"

#include <memory>

namespace edgefuse::server {
namespace {

class NoResolution final : public ConflictResolver {
 public:
  [[nodiscard]] ModuleParts resolve(llm::ModuleId /*module*/, ModuleParts parts,
                                    const FusionSeed& /*seed*/) const override {
    return parts;
  }
  [[nodiscard]] bool keeps_low_rank() const override { return true; }
};

}  // namespace

Method<ConflictResolver> no_resolution() {
  return {
      .name = "none",
      .summary = "leave every change as it came",
      .parameters = {},
      .make = [](const Parameters&) -> std::unique_ptr<ConflictResolver> { return std::make_unique<NoResolution>(); }};
}

}  // namespace edgefuse::server

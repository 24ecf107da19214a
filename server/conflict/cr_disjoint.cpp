#include "server/conflict/cr_disjoint.hpp"

#include <cstddef>
#include <memory>
#include <span>

#include "server/conflict/entrywise_resolver.hpp"
#include "server/fusion/disjoint_masks.hpp"

namespace edgefuse::server {
namespace {

class CrDisjoint final : public EntrywiseResolver {
 public:
  CrDisjoint(std::size_t kept, std::size_t block) : kept_{kept}, block_{block} {}

 private:
  void mitigate(std::span<at::Tensor> changes, std::span<const double> /*weights*/) const override {
    keep_disjoint(changes, kept_, block_);
  }

  std::size_t kept_;
  std::size_t block_;
};

}  // namespace

Method<ConflictResolver> cr_disjoint() {
  return {
      .name = "cr-disjoint",
      .summary = "masks that do not overlap: each change in turn keeps n of every m entries not yet taken (2503.01874)",
      .parameters = parameters_of_masks(),
      .make = [](const Parameters& p) -> std::unique_ptr<ConflictResolver> {
        return std::make_unique<CrDisjoint>(static_cast<std::size_t>(number(p, "n")),
                                            static_cast<std::size_t>(number(p, "m")));
      }};
}

}  // namespace edgefuse::server

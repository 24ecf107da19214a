#include "server/fuse.hpp"

#include <utility>

#include "llm/threads.hpp"
#include "server/conflict/resolved.hpp"
#include "sim/error.hpp"

namespace edgefuse::server {

void check_compatible(const ConflictResolver& resolver, const FusionRule& rule, const Origin& origin) {
  if (rule.needs_low_rank() && !resolver.keeps_low_rank())
    throw InputError{Mistake{
        .file = origin.file,
        .line = origin.line,
        .key = origin.key,
        .problem = "this fusion rule needs low-rank changes, and this conflict resolver makes them dense",
        .remedy = "use a rule that takes matrices (weighted-mean is stack's sum), or a resolver that keeps low rank"}};
}

void fuse(ModuleSource source, const ConflictResolver& resolver, const FusionRule& rule, const DeltaSink& sink) {
  check_compatible(resolver, rule);
  llm::use_one_thread_per_gang();  // a product's last bits may depend on how many threads share it
  if (source.contributions > 0) rule.fuse(resolved(revealing(std::move(source), rule.needs()), resolver), sink);
}

llm::ModelDelta fuse(std::span<const Contribution> contributions, const ConflictResolver& resolver,
                     const FusionRule& rule, const FusionSeed& seed, const PublicLoss& public_loss) {
  llm::ModelDelta fused;
  auto source = source_of(contributions, seed, rule.weight_signs());
  source.public_loss = public_loss;
  fuse(std::move(source), resolver, rule,
       [&](llm::ModuleId id, llm::ModuleDelta delta) { fused.emplace(id, std::move(delta)); });
  return fused;
}

}  // namespace edgefuse::server

// Independent pieces of one job, side by side.
#pragma once

#include <future>
#include <vector>

namespace amorph {

// Runs the tasks, all but the last in threads of their own when n_threads > 1. A task's exception
// is thrown here, after all have ended.
template <class... Tasks>
void run_tasks(int n_threads, const Tasks&... tasks) {
    if (n_threads <= 1) {
        (tasks(), ...);
        return;
    }
    std::vector<std::future<void>> futures;
    std::size_t left = sizeof...(tasks);
    const auto launch = [&](const auto& task) {
        const auto policy = --left == 0 ? std::launch::deferred : std::launch::async;
        futures.push_back(std::async(policy, task));
    };
    (launch(tasks), ...);
    futures.back().wait();  // the deferred one: runs here, while the others do
    for (auto& future : futures) future.get();
}

}  // namespace amorph

from support.page_context import bare_results, config
from voxplain.report import methods, render_report


def test_methods_follow_the_configuration():
    text = render_report(bare_results(config=config(cnn__average_last=5)))
    assert "the mean of the last 5 epochs" in text
    assert "60 iterations of Adam (learning rate 0.3) with 2 shifts" in text


def test_methods_do_not_call_a_users_network_the_papers():
    settings = config(cnn__network="nets.py:ResNet", cnn__network_settings={"width": 8})
    text = render_report(bare_results(config=settings))
    assert "nets.py:ResNet (width 8), given by the user in place of the paper&#39;s" in text
    assert "blocks of 3×3×3" not in text
    assert "blocks of 3×3×3" in render_report(bare_results(config=config()))


def test_the_methods_text_tells_what_differs_from_the_paper():
    settings = config()
    plain = " ".join(methods.methods(settings, 20))
    assert "Gaussian blur of sigma 5 (image) and 1 (mask) voxels" in plain
    assert "(one for all axes) each" in plain
    assert "hinge" not in plain
    assert "at thresholds 0.65 (Grad-CAM). Spatial" in plain  # of methods that were run
    assert "PyTorch" not in plain
    versions = {"voxplain": "1.0", "torch": "2.13", "python": "3.11", "cores": "2"}
    made = methods.methods(settings, 20, versions)[-1]
    assert made == "All was computed by voxplain 1.0 (PyTorch 2.13, Python 3.11), seed 42."
    settings["attribution"]["meaningful_perturbation"] |= {
        "blur": "box",
        "jitter_axes": "independent",
        "hinge": 0.05,
        "ramp": 60,
        "amsgrad": True,
        "decay_every": 30,
        "early_stopping": True,
    }
    code = " ".join(methods.methods(settings, 20))
    assert "a mean over 5 voxels along each axis" in code
    assert "(one per axis) each" in code
    assert code.count("; a hinge at probability 0.05; lambdas rising over 60 iterations;") == 1
    assert "AMSGrad; learning rate to a tenth every 30 iterations; converged" in code

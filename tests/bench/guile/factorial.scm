;; The factorials of n and of the 19 numbers behind it, added.
(use-modules (bench))

(define (factorial n)
  (let go ((product 1) (n n))
    (if (= n 0) product (go (* product n) (- n 1)))))

(bench
 (lambda (n)
   (let sum-of ((times 20) (n n) (sum 0))
     (if (= times 0)
         (modulo sum 1000000007)
         (sum-of (- times 1) (+ n 1) (+ sum (factorial n)))))))
